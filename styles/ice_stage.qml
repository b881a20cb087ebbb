<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology">
  <renderer-v2 type="RuleRenderer" symbollevels="0" enableorderby="0" forceraster="0">
    <rules key="{f10ef1e1-0000-4000-8000-000000000000}">
      <rule key="{f10ef1e1-0000-4000-8000-000000000001}" symbol="0" filter="&quot;poly_type&quot; = &#x27;L&#x27;" label="Land"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000002}" symbol="1" filter="&quot;poly_type&quot; = &#x27;S&#x27;" label="Ice shelf"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000003}" symbol="2" filter="&quot;total_concentration&quot; = 0" label="Ice free"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000004}" symbol="3" filter="&quot;total_concentration&quot; &gt; 0 AND &quot;total_concentration&quot; &lt; 0.1" label="Less than 1/10"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000005}" symbol="4" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 81" label="New ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000006}" symbol="5" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 82" label="Nilas or ice rind"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000007}" symbol="6" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 83" label="Young ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000008}" symbol="7" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 84" label="Grey ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000009}" symbol="8" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 85" label="Grey-white ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000a}" symbol="9" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 86" label="First-year ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000b}" symbol="10" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 87" label="Thin first-year ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000c}" symbol="11" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 88" label="Thin first-year ice, first stage"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000d}" symbol="12" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 89" label="Thin first-year ice, second stage"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000e}" symbol="13" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 91" label="Medium first-year ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000f}" symbol="14" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 93" label="Thick first-year ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000010}" symbol="15" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 94" label="Residual ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000011}" symbol="16" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 95" label="Old ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000012}" symbol="17" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 96" label="Second-year ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000013}" symbol="18" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 97" label="Multi-year ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000014}" symbol="19" filter="&quot;total_concentration&quot; &gt;= 0.1 AND (&quot;form&quot; IN (9, 10) AND (&quot;stage&quot; IS NULL OR &quot;stage&quot; = 98))" label="Icebergs"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000015}" symbol="20" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; = 98 AND (&quot;form&quot; IS NULL OR &quot;form&quot; NOT IN (9, 10))" label="Glacier ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000016}" symbol="21" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;stage&quot; IS NULL AND &quot;fast_ice&quot;" label="Fast ice of unknown stage"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000017}" symbol="22" filter="ELSE" label="Unknown"/>
    </rules>
    <symbols>
      <symbol type="fill" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="230,220,200,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="1" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="220,235,240,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="2" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="0,100,255,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="3" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="150,200,255,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="4" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="240,210,250,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="5" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="255,138,255,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="6" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="170,40,240,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="7" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="135,60,215,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="8" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="220,80,235,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="9" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="255,255,0,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="10" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="155,210,0,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="11" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="215,250,130,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="12" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="175,250,0,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="13" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="0,200,20,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="14" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="0,120,0,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="15" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="130,75,35,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="16" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="180,100,50,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="17" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="255,120,10,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="18" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="200,0,0,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="19" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="255,0,0,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="20" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="210,210,210,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="21" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="150,150,150,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
      <symbol type="fill" name="22" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="255,255,255,255"/>
          <prop k="outline_color" v="70,70,70,160"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.15"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="style" v="solid"/>
          <prop k="joinstyle" v="round"/>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
  <blendMode>0</blendMode>
  <featureBlendMode>0</featureBlendMode>
  <layerOpacity>1</layerOpacity>
</qgis>
