<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology">
  <renderer-v2 type="RuleRenderer" symbollevels="0" enableorderby="0" forceraster="0">
    <rules key="{f10ef1e1-0000-4000-8000-000000000000}">
      <rule key="{f10ef1e1-0000-4000-8000-000000000001}" symbol="0" filter="&quot;poly_type&quot; = &#x27;L&#x27;" label="Land"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000002}" symbol="1" filter="&quot;poly_type&quot; = &#x27;S&#x27;" label="Ice shelf"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000003}" symbol="2" filter="&quot;total_concentration&quot; = 0" label="Ice free"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000004}" symbol="3" filter="&quot;total_concentration&quot; &gt; 0 AND &quot;total_concentration&quot; &lt; 0.1" label="Less than 1/10"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000005}" symbol="4" filter="&quot;total_concentration&quot; &gt;= 0.1 AND &quot;total_concentration&quot; &lt; 0.35" label="1 to 3 tenths"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000006}" symbol="5" filter="&quot;total_concentration&quot; &gt;= 0.35 AND &quot;total_concentration&quot; &lt; 0.65" label="4 to 6 tenths"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000007}" symbol="6" filter="&quot;total_concentration&quot; &gt;= 0.65 AND &quot;total_concentration&quot; &lt; 0.85" label="7 to 8 tenths"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000008}" symbol="7" filter="&quot;total_concentration&quot; &gt;= 0.85 AND &quot;total_concentration&quot; &lt; 1 AND NOT &quot;fast_ice&quot;" label="9 to 10 tenths"/>
      <rule key="{f10ef1e1-0000-4000-8000-000000000009}" symbol="8" filter="&quot;total_concentration&quot; = 1 AND NOT &quot;fast_ice&quot;" label="10 tenths"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000a}" symbol="9" filter="&quot;total_concentration&quot; &gt;= 0.85 AND &quot;fast_ice&quot;" label="Fast ice"/>
      <rule key="{f10ef1e1-0000-4000-8000-00000000000b}" symbol="10" filter="ELSE" label="Unknown"/>
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
          <prop k="color" v="140,255,160,255"/>
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
          <prop k="color" v="255,255,0,255"/>
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
          <prop k="color" v="255,125,7,255"/>
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
          <prop k="color" v="255,0,0,255"/>
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
          <prop k="color" v="145,0,0,255"/>
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
          <prop k="color" v="150,150,150,255"/>
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
